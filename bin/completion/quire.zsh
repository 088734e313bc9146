#compdef quire quire-ci
# The completion of quire(1) and quire-ci(1) for zsh; what it offers comes from
# the script complete.

local complete=${funcsourcetrace[1]%/*}/../../quire/complete
local -a offered described
local candidate may_be_file

offered=("${(@f)$(sh $complete "${(@Q)words[1,CURRENT]}")}")
may_be_file=$?
for candidate in $offered; do
	described+=("${${candidate%%$'\t'*}//:/\\:}${candidate#${candidate%%$'\t'*}}")
done
described=("${described[@]/$'\t'/:}")
_describe -t quire 'of quire' described
[[ $may_be_file != 3 ]] || _files
