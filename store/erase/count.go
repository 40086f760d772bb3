package erase

import (
	"context"
	"fmt"

	"parley/store"
	"parley/store/internal/query"
)

// Found is the number of rows about a contact (a customer) in one place. A place is a table, or a part of one, that may hold
// data about a contact; listPlaces returns them all.
type Found struct {
	Place string `json:"place"`
	What  string `json:"what"`
	How   string `json:"how"` // what an erasure does with the rows: "removed", "emptied"
	Rows  int64  `json:"rows"`
}

// Count is the dry run of an erasure: it returns how much an erasure of contacts would remove in each place, and changes
// nothing.
func Count(ctx context.Context, q store.Querier, contacts []store.ContactID) ([]Found, error) {
	who, err := readSubject(ctx, q, contacts)
	if err != nil {
		return nil, err
	}

	s, err := readScope(ctx, q, who)
	if err != nil {
		return nil, err
	}

	events, err := findEvents(ctx, q, s)
	if err != nil {
		return nil, err
	}

	args := s.namedArguments(noErasure)
	args["events"] = events
	files, err := query.Value[int64](ctx, q, "count files", countFiles, args)
	if err != nil {
		return nil, err
	}

	list := []Found{journalFound(int64(len(events)))}
	for _, p := range listPlaces() {
		var rows int64
		if err := q.QueryRow(ctx, p.countStatement(), args).Scan(&rows); err != nil {
			return nil, fmt.Errorf("store: count %s: %w", p.Name, err)
		}
		list = append(list, p.foundRows(rows))
	}

	var posts int64
	if err := q.QueryRow(ctx, countPosts, args).Scan(&posts); err != nil {
		return nil, fmt.Errorf("store: count posts: %w", err)
	}
	return append(list, filesFound(files), chatsFound(posts)), nil
}

// findEvents returns the ids of the events that an erasure would remove from the journal, which keeps incoming messages and
// events in their original form.
func findEvents(ctx context.Context, q store.Querier, s *scope) ([]int64, error) {
	newest, err := store.NewestEvent(ctx, q)
	if err != nil {
		return nil, err
	}

	scan, err := newJournalScan(ctx, q, s, newest, newest)
	if err != nil {
		return nil, err
	}

	found := []int64{}
	for after := int64(0); after < newest; {
		page, pageEnd, err := scan.next(ctx, after)
		if err != nil {
			return nil, err
		}

		found = append(found, page...)
		after = pageEnd
	}
	return found, nil
}

// foundRows describes that rows were found, or erased, in a place.
func (p place) foundRows(rows int64) Found {
	how := "removed"
	if p.Clear != "" {
		how = "emptied"
	}
	return Found{Place: p.Name, What: p.What, How: how, Rows: rows}
}

// The journal, files and chats are not places: code of their own erases them.

func journalFound(rows int64) Found {
	return Found{Place: "events", What: "what arrived, as it came, with what is in quarantine", How: "removed", Rows: rows}
}

func filesFound(rows int64) Found {
	return Found{Place: "blobs", What: "files and originals that nobody else needs", How: "removed", Rows: rows}
}

func chatsFound(rows int64) Found {
	return Found{Place: "chats", What: "Parley's own posts in chats, with their files", How: "removed or replaced", Rows: rows}
}
