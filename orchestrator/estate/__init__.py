"""Room: *what is known of every system?* (pure)

Folds the journals of all runs into one picture: online, offline, isolated or unknown, what was done to a
system and by which run, who cleared it. The next plan starts from this picture. Events in, values out.
"""
