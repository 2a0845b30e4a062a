package app

import "os"

// mostBallast keeps the garbage collector from running every few milliseconds while only small calls are served. Little is live then, a
// few megabytes, and by Go's rule the collector runs whenever as much again has been allocated: that was a tenth of what
// a call cost. Raising GOGC would do for that, but where much is live, too, and would double what a thousand large calls hold.
const mostBallast = 16 << 20

// newBallast returns memory that counts as live, and is neither read nor written, so that the system never gives pages to it: what it
// costs is that twice as much garbage may lie about before it is collected. Where memory is scarce it is a sixty-fourth of the total.
// There is none where the operator chose how the collector works (GOGC).
func newBallast(total uint64) []byte {
	const share = 64
	if os.Getenv("GOGC") != "" {
		return nil
	}
	return make([]byte, min(mostBallast, total/share))
}
