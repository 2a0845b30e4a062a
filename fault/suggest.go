package fault

import (
	"fmt"
	"strings"
)

// DidYouMean returns the hint `did you mean X?` for the candidate nearest to name, or "" when none is near. Case and the
// characters _ and - don't count. Distance is Levenshtein's, at most a third of the name's length. For a name that is longer than people
// write there is no hint: the search takes time with the square of the length.
func DidYouMean(name string, candidates []string) string {
	const longest = 64
	if len(name) > longest {
		return ""
	}
	folded := fold(name)
	best, bestDistance := "", len(folded)/3+1
	for _, c := range candidates {
		if d := distance(folded, fold(c), bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", best)
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

func fold(s string) string { return separators.Replace(strings.ToLower(s)) }

// distance is Levenshtein's, cut off at limit: strings whose lengths differ by that much aren't compared at all, so a
// hostile name costs nothing.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
