package demo

import (
	"context"
	"fmt"
	"slices"
)

// tourStep is a step of the demo's guided tour, such as "answer": answer a customer. The page contains the texts of the
// steps; the server reports which of them the visitor has completed.
type tourStep struct {
	Name string `json:"name"`
	Done bool   `json:"done"`
}

// readTour returns all steps and marks those that the visitor has completed. It finds most of them in Parley's database.
// Steps that consist of opening a page of Parley's site are recorded by openSite. While the database isn't running, only
// those are marked.
func (p *Page) readTour(ctx context.Context) ([]tourStep, error) {
	// A typed command, such as !resolve, is stored as a note as well. The third column excludes texts that begin with ! or
	// with a mention.
	const done = `
		SELECT EXISTS (SELECT FROM messages AS m JOIN deliveries AS d ON d.message_id = m.id
				WHERE m.direction = 'out' AND d.kind = 'reply' AND d.state IN ('accepted', 'sent', 'delivered', 'read')),
			EXISTS (SELECT FROM log_entries WHERE what = 'undone'),
			EXISTS (SELECT FROM messages WHERE author_user <> '' AND fate = 'inside' AND reason = 'note' AND text !~ '^[!@<]'),
			EXISTS (SELECT FROM log_entries WHERE what = 'tagged'),
			EXISTS (SELECT FROM log_entries WHERE what = 'snoozed'),
			EXISTS (SELECT FROM log_entries WHERE what = 'woke'),
			EXISTS (SELECT FROM conversations WHERE kind = 'customer' AND status = 'resolved' AND id IN (SELECT conversation_id FROM threads)),
			EXISTS (SELECT FROM suggestions WHERE kind = 'reply' AND fate IN ('used', 'edited')),
			EXISTS (SELECT FROM log_entries WHERE what = 'asked for a text')`

	steps := []tourStep{{Name: "answer"}, {Name: "undo"}, {Name: "note"}, {Name: "tag"}, {Name: "suggestion"}, {Name: "ai"},
		{Name: "snooze"}, {Name: "wake"}, {Name: "resolve"}}
	for _, place := range sitePlaces() {
		steps = append(steps, tourStep{Name: place.name, Done: p.marks.hasVisited(place.name)})
	}

	columns := []string{"answer", "undo", "note", "tag", "snooze", "wake", "resolve", "suggestion", "ai"} // in the order of done
	var into []any
	for _, name := range columns {
		i := slices.IndexFunc(steps, func(s tourStep) bool { return s.Name == name })
		into = append(into, &steps[i].Done)
	}

	pool := p.db.Load()
	if pool == nil {
		return steps, nil
	}

	ctx, cancel := context.WithTimeout(ctx, pageQueryTimeout)
	defer cancel()

	if err := pool.QueryRow(ctx, done).Scan(into...); err != nil {
		return steps, fmt.Errorf("demo: tour: %w", err)
	}

	return steps, nil
}
