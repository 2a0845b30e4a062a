package suite

// MostLate is the share of chunks, in percent, that may be late where streams count as on time.
const MostLate = 0.1

// levels are the numbers of streams that a climb tries, the most of them last: of 600 they are 100, 200, 300, 400 and 600.
func (s *Scenario) levels() []int {
	most := s.Concurrency
	return []int{most / 6, most / 3, most / 2, most * 2 / 3, most}
}

// climb tries one number of streams after another until one of them isn't on time. The cell is left as the last number that was on time
// made it, with that as its Streams; where not even the first one was, as that did, and Streams is 0.
func climb(levels []int, cell *Cell, try func(streams int, cell *Cell) error) error {
	start := *cell
	for i, n := range levels {
		now := start
		if err := try(n, &now); err != nil {
			return err
		}
		late := now.LateShare() > MostLate
		if !late {
			now.Streams = n
		}
		if !late || i == 0 {
			*cell = now
		}
		if late {
			break
		}
	}
	return nil
}
