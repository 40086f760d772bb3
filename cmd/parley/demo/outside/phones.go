package outside

import (
	"context"

	"parley/cmd/parley/demo/phone"
)

// Phones are those of the world's customers; nil without Options.Phones. After a Reset they are others.
func (w *World) Phones() *phone.Exchange { return w.phones.Load() }

// Subscribe sets where Meta sends webhooks, as an admin does in its dashboard, as soon as
// Parley answers there. Errors: ctx's. Without phones it does nothing.
func (w *World) Subscribe(ctx context.Context) error { return w.Phones().Subscribe(ctx) }

// openPhones starts the phones of a world, at the addresses of those before, if any.
func (w *World) openPhones(ctx context.Context) error {
	if !w.o.Phones {
		return nil
	}

	o := phone.Options{Log: w.o.Log, Clock: w.o.PhoneClock, GraphAddr: w.o.GraphAddr, TwilioAddr: w.o.TwilioAddr, Public: w.o.PublicURL}
	if o.Clock == nil {
		o.Clock = w.o.Clock
	}

	before := w.Phones()
	if before != nil {
		if err := before.Close(); err != nil {
			return err
		}
		o.GraphAddr, o.TwilioAddr = before.Addresses()
	}

	p, err := phone.New(ctx, o)
	if err != nil {
		return err
	}

	w.phones.Store(p)

	if before != nil {
		before.GiveWay()
	}

	return nil
}
