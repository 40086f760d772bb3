package retention

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Days says for how many days an admin wants records to be kept. Zero means the number of DefaultDays.
type Days struct {
	Arrived int `json:"arrived,omitempty"` // what arrived, as it came; reactions; texts that were sent to nobody
	Ended   int `json:"ended,omitempty"`   // deliveries of conversations, from their end on; what colleagues were told directly
}

// DefaultDays says for how many days records are kept if no admin chose otherwise.
func DefaultDays() Days { return Days{Arrived: 30, Ended: 60} }

// Bounds of what an admin may choose, in days. What arrived is needed while a fault is looked into, and to replay what
// could not be applied; a conversation may be opened again for thirty days.
const (
	MinArrived = 7
	MinEnded   = 30
	MaxDays    = 3650
)

// passing is for how long records are kept that only matter for a moment: cards, marks, and files that belong to an
// event that may still be on its way.
const passing = 24 * time.Hour

// Periods returns for how long records are kept, by default where nothing was chosen.
func (d Days) Periods() Periods {
	defaults := DefaultDays()
	d.Arrived = cmp.Or(d.Arrived, defaults.Arrived)
	d.Ended = cmp.Or(d.Ended, defaults.Ended)
	const day = 24 * time.Hour
	return Periods{
		Payloads: time.Duration(d.Arrived) * day,
		Ended:    time.Duration(d.Ended) * day,
		Passing:  passing,
		Blobs:    passing,
	}
}

const readDays = `SELECT retention FROM settings`

// ReadDays reads what an admin chose.
func ReadDays(ctx context.Context, q store.Querier) (d Days, err error) {
	var chosen json.RawMessage
	if err := q.QueryRow(ctx, readDays).Scan(&chosen); err != nil {
		return d, fmt.Errorf("store: days of retention: %w", err)
	}
	if err := json.Unmarshal(chosen, &d); err != nil {
		return d, fmt.Errorf("store: days of retention: %w", err)
	}
	return d, nil
}

const saveDays = `UPDATE settings SET retention = $1`

// SaveDays stores what an admin chose.
func SaveDays(ctx context.Context, q store.Execer, d Days) error {
	chosen, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("store: days of retention: %w", err)
	}
	return query.Exec(ctx, q, "days of retention", saveDays, chosen)
}
