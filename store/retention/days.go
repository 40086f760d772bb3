package retention

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/store"
)

// Days is for how many days an admin wants records to be kept. Zero = as usual.
type Days struct {
	Arrived int `json:"arrived,omitempty"` // what arrived, as it came; reactions; texts that were sent to nobody
	Ended   int `json:"ended,omitempty"`   // deliveries of conversations, from their end on
}

// Usual is for how many days records are kept where no admin chose otherwise.
func Usual() Days { return Days{Arrived: 30, Ended: 60} }

// Bounds of what an admin may choose, in days. What arrived is needed while a fault is looked into, and to replay what
// could not be applied; a conversation may be opened again for thirty days.
const (
	LeastArrived = 7
	LeastEnded   = 30
	MostDays     = 3650
)

// passing is for how long records are kept that matter for a moment only: cards, marks, and files that belong to an
// event that may still be on its way.
const passing = 24 * time.Hour

// Kept is for how long records are kept, with what is usual where nothing was chosen.
func (d Days) Kept() Kept {
	usual := Usual()
	if d.Arrived == 0 {
		d.Arrived = usual.Arrived
	}
	if d.Ended == 0 {
		d.Ended = usual.Ended
	}
	const day = 24 * time.Hour
	return Kept{Payloads: time.Duration(d.Arrived) * day, Ended: time.Duration(d.Ended) * day, Passing: passing, Blobs: passing}
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
	if err == nil {
		_, err = q.Exec(ctx, saveDays, chosen)
	}
	if err != nil {
		return fmt.Errorf("store: days of retention: %w", err)
	}
	return nil
}
