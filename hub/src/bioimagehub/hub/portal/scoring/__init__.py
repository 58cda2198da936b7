"""The workers of the portal: they check, score and rank."""
