package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// decode turns events into facts.
// Errors: *relay.EventError for bytes that nobody can read.
func (e *Engine) decode(ctx context.Context, tx pgx.Tx, dir *directory, events []store.Event) ([]fact, error) {
	facts := make([]fact, 0, len(events))
	for _, ev := range events {
		f := fact{event: ev, account: dir.accounts[ev.AccountID]}
		if f.account == nil {
			return nil, relay.ErrNotYet
		}
		payload := ev.Payload
		if ev.Blob != nil {
			var err error
			if payload, err = store.GetBlob(ctx, tx, *ev.Blob); err != nil {
				return nil, err
			}
		}
		if err := e.decodeOne(&f, payload); err != nil {
			if errors.Is(err, relay.ErrNotYet) {
				return nil, err
			}
			return nil, &relay.EventError{EventID: ev.ID, Err: err}
		}
		facts = append(facts, f)
	}
	return facts, nil
}

func (e *Engine) decodeOne(f *fact, payload []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bridge: decoding panicked: %v", p)
		}
	}()
	switch f.account.Side {
	case "system":
		f.own, err = decodeOwn(payload)
	case "surface":
		s := e.surface(f.account.ID)
		if s == nil {
			return relay.ErrNotYet
		}
		f.actions, err = s.Decode(payload)
		for i := range f.actions {
			cleanAction(&f.actions[i])
		}
	default:
		ch := e.channel(f.account.ID)
		if ch == nil {
			return relay.ErrNotYet
		}
		f.inbound, err = ch.Decode(payload)
		for i := range f.inbound {
			cleanInbound(&f.inbound[i])
		}
	}
	return err
}
