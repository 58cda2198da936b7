"""The pages of the portal: HTML that works without JavaScript."""
