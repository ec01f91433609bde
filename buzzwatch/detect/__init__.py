"""What is normal for a brand at this hour, and how unusual the present is."""
