package records

import (
	"context"
	"slices"

	"parley/bot/web"
	"parley/bridge"
)

// healthDesk is what the page about health needs.
type healthDesk interface {
	// Examine checks database, credentials, mailboxes and chats. It takes up to some minutes and changes nothing. What it finds of
	// accounts that are closed to the viewer names none of their customers.
	Examine(ctx context.Context, viewer bridge.AgentID) ([]Examined, error)
}

// Examined is what was found about one thing.
type Examined struct {
	Name     string // "database", "account support-mail"
	Findings []Finding
}

// Finding is one thing that was found.
type Finding struct {
	Level string // good, odd, wrong
	What  string
	Text  string
	Hint  string // what to do; "" if nothing
}

// Level is the worst of the findings.
func (e Examined) Level() string {
	worst := "good"
	for _, f := range e.Findings {
		if badnessOf(f.Level) > badnessOf(worst) {
			worst = f.Level
		}
	}
	return worst
}

func badnessOf(level string) int { return slices.Index([]string{"good", "odd", "wrong"}, level) }

func (p pages) healthRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /settings/health", For: web.Admins, Do: func(v *web.Visit) error { return showHealth(v, nil) }},
		{Pattern: "POST /settings/health", For: web.Admins, Do: p.examineAll, Streams: true},
	}
}

// examineAll checks everything, and shows what is wrong first.
func (p pages) examineAll(v *web.Visit) error {
	found, err := p.desk.Examine(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b Examined) int { return badnessOf(b.Level()) - badnessOf(a.Level()) })
	return showHealth(v, found)
}

func showHealth(v *web.Visit, found []Examined) error {
	return v.Show("health", web.Screen{Title: "Health", Data: found,
		Help: "Checks the database, every credential, mailbox and chat, as `parley doctor` does, and says what to do. " +
			"It changes nothing, and may take a minute or two."})
}
