"""Records of surveys: estimates from weighted records, their errors, and the hiding of small samples."""
