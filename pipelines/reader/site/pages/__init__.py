"""The pages of a site in one language, as HTML in which every text of the data is escaped."""
