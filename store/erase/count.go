package erase

import (
	"context"
	"fmt"

	"parley/store"
	"parley/store/internal/query"
)

// Before somebody has a contact erased, the dry run shows what would go.

// Found is how much about a contact was found in one place.
type Found struct {
	Place string `json:"place"`
	What  string `json:"what"`
	How   string `json:"how"` // removed, emptied
	Rows  int64  `json:"rows"`
}

// Count returns what an erasure of contacts would remove, and changes nothing.
func Count(ctx context.Context, q store.Querier, contacts []store.ContactID) ([]Found, error) {
	who, err := readSubject(ctx, q, contacts)
	if err != nil {
		return nil, err
	}

	s, err := readScope(ctx, q, who)
	if err != nil {
		return nil, err
	}

	events, err := countJournal(ctx, q, s)
	if err != nil {
		return nil, err
	}

	args := s.namedArguments("")
	args["events"] = events
	files, err := query.Value[int64](ctx, q, "count files", countFiles, args)
	if err != nil {
		return nil, err
	}

	list := []Found{journalFound(int64(len(events)))}
	for _, p := range listPlaces() {
		f := p.foundRows(0)
		if err := q.QueryRow(ctx, p.countStatement(), args).Scan(&f.Rows); err != nil {
			return nil, fmt.Errorf("store: count %s: %w", p.Name, err)
		}
		list = append(list, f)
	}

	var posts int64
	if err := q.QueryRow(ctx, countPosts, args).Scan(&posts); err != nil {
		return nil, fmt.Errorf("store: count posts: %w", err)
	}
	return append(list, filesFound(files), chatsFound(posts)), nil
}

// countJournal returns the ids of the events that an erasure would remove.
func countJournal(ctx context.Context, q store.Querier, s *scope) ([]int64, error) {
	newest, err := store.NewestEvent(ctx, q)
	if err != nil {
		return nil, err
	}

	scan, err := newJournalScan(ctx, q, s, newest, newest)
	if err != nil {
		return nil, err
	}

	all := []int64{}
	for after := int64(0); after < newest; {
		page, upto, err := scan.next(ctx, after)
		if err != nil {
			return nil, err
		}

		all = append(all, page...)
		after = upto
	}
	return all, nil
}

// foundRows returns how many rows of a place were found or erased.
func (p place) foundRows(rows int64) Found {
	how := "removed"
	if p.Clear != "" {
		how = "emptied"
	}
	return Found{Place: p.Name, What: p.What, How: how, Rows: rows}
}

func journalFound(rows int64) Found {
	return Found{Place: "events", What: "what arrived, as it came, with what is in quarantine", How: "removed", Rows: rows}
}

func filesFound(rows int64) Found {
	return Found{Place: "blobs", What: "files and originals that nobody else needs", How: "removed", Rows: rows}
}

func chatsFound(rows int64) Found {
	return Found{Place: "chats", What: "Parley's own posts in chats, with their files", How: "removed or replaced", Rows: rows}
}
