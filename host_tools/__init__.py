"""The command line `qingxi`: one file a verb."""
