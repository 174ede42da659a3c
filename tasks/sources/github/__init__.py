"""Read GitHub: pull requests with reviews and checks, runs, deployments, incidents."""
