"""Files from where they are published to the input folder: web addresses, S3 stores, local folders, the inbox."""
