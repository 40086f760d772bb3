package records

import (
	"context"

	"parley/bot/web"
)

// keptDesk is what the page about retention needs.
type keptDesk interface {
	// Kept says what is kept for how long.
	Kept(ctx context.Context) ([]Kept, error)
}

// Kept is one kind of record, and for how long it is kept.
type Kept struct {
	What string
	For  string // "30 days"
	Then string // what becomes of it
	Due  string // how much of it goes with the next runs; "" = it isn't counted
}

func (p pages) keptRoutes() []web.Route {
	return []web.Route{{Pattern: "GET /settings/retention", For: web.Admins, Do: p.kept}}
}

func (p pages) kept(v *web.Visit) error {
	list, err := p.desk.Kept(v.Context())
	if err != nil {
		return err
	}
	return v.Show("retention", web.Screen{Title: "What is kept", Data: list,
		Help: "For how long Parley keeps what, and how much of it the next hourly runs remove. This page changes nothing; a customer is removed on Erase and export."})
}
