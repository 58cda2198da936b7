"""The tables of the portal, and all that is asked of them."""
