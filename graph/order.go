package graph

import (
	"cmp"
	"slices"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// checks are the codes in the order in which the contract has a manifest checked; what stands together counts as one check.
// Codes that aren't listed come last.
var checks = ranks(
	[]fault.Code{fault.CodeVersion},
	[]fault.Code{fault.CodeTooLarge, fault.CodeManifestEmpty, fault.CodeTooManyNodes},
	[]fault.Code{fault.CodeBadNodeID, fault.CodeDuplicateNodeID},
	[]fault.Code{fault.CodeUnknownNodeType, fault.CodeMissingField},
	[]fault.Code{fault.CodeParamsSyntax, fault.CodeTooDeep, fault.CodeDuplicateField, fault.CodeUnknownParam, fault.CodeBadParam},
	[]fault.Code{fault.CodeCapability, fault.CodeCapabilityMemory},
	[]fault.Code{fault.CodeEmptyConnection, fault.CodeUnknownEndpoint, fault.CodeUnknownPort},
	[]fault.Code{fault.CodeSelfLoop},
	[]fault.Code{fault.CodeCycle},
	[]fault.Code{fault.CodeKindMismatch, fault.CodeFormatMismatch},
	[]fault.Code{fault.CodeUnknownInput, fault.CodeUnknownOutput},
	[]fault.Code{fault.CodeMissingInput},
	[]fault.Code{fault.CodeInputKind},
	[]fault.Code{fault.CodeDataSyntax, fault.CodeBadAudio},
)

func ranks(groups ...[]fault.Code) map[fault.Code]int {
	out := make(map[fault.Code]int)
	for i, group := range groups {
		for _, code := range group {
			out[code] = i - len(groups) // below 0, the rank of what isn't listed
		}
	}
	return out
}

// merge joins the problems that were found before with those of compiling, in the order of the document where there is one
// and in the order of the checks otherwise. Another version comes before all, as it may explain the rest. Consequences of a
// fault that is told already are left out.
func merge(m *manifest.Manifest, found, later []fault.Problem) []fault.Problem {
	problems := manifest.Combine(found, later)
	document := m.Source != nil
	slices.SortStableFunc(problems, func(a, b fault.Problem) int {
		if document && a.Code != fault.CodeVersion && b.Code != fault.CodeVersion {
			return 0
		}
		return cmp.Compare(checks[a.Code], checks[b.Code])
	})
	return problems
}
