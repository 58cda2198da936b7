"""The portal: challenges, submissions, their scores and the leaderboards."""
