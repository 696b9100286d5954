"""Room: *what exactly would be done?* (pure, but for `file`)

Makes a plan from a request: the mode of every task, its gates, every command written out, estimates and
warnings; and compares two plans. The same files, request, id and time give the same bytes. The module
`file` alone touches the disk: it writes a plan file and reads it back.
"""
