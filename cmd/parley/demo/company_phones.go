package demo

import "context"

// Phones are those of the company's customers; nil without Options.Phones. After a Reset they are others.
func (c *Company) Phones() *Exchange { return c.phones.Load() }

// Subscribe sets where Meta sends webhooks, as an admin does in its dashboard, as soon as
// Parley answers there. Errors: ctx's. Without phones it does nothing.
func (c *Company) Subscribe(ctx context.Context) error { return c.Phones().Subscribe(ctx) }

// openPhones starts the phones of a company, at the addresses of those before, if any.
func (c *Company) openPhones(ctx context.Context) error {
	if !c.o.Phones {
		return nil
	}

	o := PhoneOptions{Log: c.o.Log, Clock: c.o.PhoneClock, GraphAddr: c.o.GraphAddr, TwilioAddr: c.o.TwilioAddr, Public: c.o.PublicURL}
	if o.Clock == nil {
		o.Clock = c.o.Clock
	}

	before := c.Phones()
	if before != nil {
		if err := before.Close(); err != nil {
			return err
		}
		o.GraphAddr, o.TwilioAddr = before.Addresses()
	}

	p, err := NewPhone(ctx, o)
	if err != nil {
		return err
	}

	c.phones.Store(p)

	if before != nil {
		before.GiveWay()
	}

	return nil
}
