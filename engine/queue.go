package engine

import "github.com/remotemedia/remotemedia-go/node"

// queue holds items in order. Once it is empty its memory serves the next ones.
type queue struct {
	items []node.Item
	head  int
	one   [1]node.Item // most never hold more
}

func (q *queue) push(item node.Item) {
	if q.items == nil {
		q.items = q.one[:0]
	}
	q.items = append(q.items, item)
}

func (q *queue) empty() bool { return q.head == len(q.items) }

// pop takes the first item; the queue must not be empty.
func (q *queue) pop() node.Item {
	item := q.items[q.head]
	q.items[q.head] = node.Item{}
	if q.head++; q.empty() {
		q.items, q.head = q.items[:0], 0
	}
	return item
}
