package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// RetentionDays is the retention setting that an admin can change: for how many days records are kept. Zero means the default
// from DefaultDays. For example, Days{Arrived: 14} keeps what arrived for 14 days and ended deliveries for 60.
type RetentionDays struct {
	Arrived int `json:"arrived,omitempty"` // original payloads of what arrived; reactions; texts that were never sent
	Ended   int `json:"ended,omitempty"`   // deliveries of a conversation, counted from its end; direct messages to colleagues
}

// DefaultRetentionDays returns the setting that applies if no admin has changed it.
func DefaultRetentionDays() RetentionDays { return RetentionDays{Arrived: 30, Ended: 60} }

// Limits of the setting, in days. Original payloads are needed to investigate faults and to replay events that could not
// be applied, so they are kept for at least a week. A conversation may be reopened within 30 days, so its deliveries are
// kept for at least that long.
const (
	MinRetentionArrived = 7
	MinRetentionEnded   = 30
	MaxRetentionDays    = 3650
)

// passing is how long short-lived records are kept: cards (a conversation's summary with buttons), marks (an emoji
// on an agent's message that shows whether it was sent), and unreferenced files, which may belong to an event that is still being stored.
const passing = 24 * time.Hour

// RetentionPeriods is how long each kind of record is kept. Days.Periods makes it from an admin's setting.
type RetentionPeriods struct {
	Payloads time.Duration // original payloads of what arrived; reactions; texts that were never sent
	Passing  time.Duration // short-lived deliveries, such as cards
	Ended    time.Duration // deliveries of a conversation, counted from its end; direct messages to colleagues
	Blobs    time.Duration // unreferenced files
}

// Periods converts the setting to durations and fills in defaults.
func (d RetentionDays) Periods() RetentionPeriods {
	defaults := DefaultRetentionDays()
	d.Arrived = cmp.Or(d.Arrived, defaults.Arrived)
	d.Ended = cmp.Or(d.Ended, defaults.Ended)
	const day = 24 * time.Hour
	return RetentionPeriods{
		Payloads: time.Duration(d.Arrived) * day,
		Ended:    time.Duration(d.Ended) * day,
		Passing:  passing,
		Blobs:    passing,
	}
}

const readDays = `SELECT retention FROM settings`

// ReadRetentionDays reads the setting. Fields that no admin has changed are zero.
func ReadRetentionDays(ctx context.Context, q Querier) (d RetentionDays, err error) {
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

// SaveRetentionDays stores the setting. It does not check the limits.
func SaveRetentionDays(ctx context.Context, q Execer, d RetentionDays) error {
	chosen, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("store: days of retention: %w", err)
	}
	return query.Exec(ctx, q, "days of retention", saveDays, chosen)
}
