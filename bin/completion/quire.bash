# shellcheck shell=bash
# The completion of quire(1) and quire-ci(1) for bash; what it offers comes from
# the script complete.

_quire()
{
	local complete=${BASH_SOURCE[0]%/*}/../../quire/complete
	local candidate offered current words=() word

	# the line is split at = as well (COMP_WORDBREAKS)
	for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		current=${word//\\/}
		[[ $word = = ]] && current= || words+=("$current")
	done
	[[ $current ]] || [[ $word != = ]] || words+=('')
	words[0]=${words[0]/#~\//$HOME/}

	COMPREPLY=()
	offered=$(sh "$complete" "${words[@]}")
	[[ $? != 3 ]] || compopt -o default 2>/dev/null
	while IFS=$'\t' read -r candidate _; do
		[[ $candidate && $candidate = "$current"* ]] || continue
		printf -v candidate %q "$candidate"
		COMPREPLY+=("$candidate")
	done <<<"$offered"
}
complete -F _quire quire quire-ci
