# The run command.
mask_units
find_account
find_port
check_folders
wait_for_packages || refuse 14 "$problem. Nothing was removed: try again when it has ended"
if [ -n "$SCRIPT_LIMIT" ]; then
    run_script
fi
if [ "$HYGIENE" != Off ]; then
    look_around 120
    tell_findings
fi
schedule
printf 'azimage: seal is scheduled\n'
