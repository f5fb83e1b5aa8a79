-- Grain: one value, an argument of a macro where it is in the list of codes of its name; else an error with the nearest.
CASE WHEN {{name}} IN (SELECT code FROM out.{{name}}) THEN {{name}}
    ELSE error(concat('{{macro}}: no code ''', coalesce({{name}}, 'NULL'), ''' in out.{{name}}; nearest: ',
        (SELECT arg_max(code, CAST(ltrim(code, '0') = ltrim({{name}}, '0') AS INTEGER)
            + jaro_winkler_similarity(code, upper({{name}}))) FROM out.{{name}}))) END
