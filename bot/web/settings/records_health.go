package settings

import (
	"context"
	"slices"

	"parley/bot/web"
	"parley/bridge"
)

// healthDesk is the backend of the page Health, which runs the checks of `parley doctor`.
type healthDesk interface {
	// Examine checks the database, credentials, mailboxes and chats. It takes up to some minutes and changes nothing. For
	// accounts that the viewer has no access to, the findings don't name customers.
	Examine(ctx context.Context, viewer bridge.AgentID) ([]Examined, error)
}

// Examined has the results of checking one component.
type Examined struct {
	Name     string // "database", "account support-mail"
	Findings []Finding
}

// Finding is the result of one check.
type Finding struct {
	Level string // "good", "odd" (a warning) or "wrong" (an error)
	What  string // what was checked
	Text  string
	Hint  string // what to do; "" if nothing
}

// Level returns the worst level of the findings.
func (e Examined) Level() string {
	worst := "good"
	for _, f := range e.Findings {
		if badnessOf(f.Level) > badnessOf(worst) {
			worst = f.Level
		}
	}
	return worst
}

// badnessOf returns a number by which levels are compared; higher is worse.
func badnessOf(level string) int { return slices.Index([]string{"good", "odd", "wrong"}, level) }

func (p recordsPages) healthRoutes() []web.Route {
	showForm := func(v *web.Visit) error { return showHealth(v, nil) } // before the first check
	return []web.Route{
		{Pattern: "GET /settings/health", For: web.Admins, Do: showForm},
		{Pattern: "POST /settings/health", For: web.Admins, Do: p.examineAll, Streams: true},
	}
}

// examineAll runs all checks and shows the results, the worst first.
func (p recordsPages) examineAll(v *web.Visit) error {
	found, err := p.desk.Examine(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b Examined) int { return badnessOf(b.Level()) - badnessOf(a.Level()) })
	return showHealth(v, found)
}

// showHealth shows the page. found has the results of the checks; nil if they were not run.
func showHealth(v *web.Visit, found []Examined) error {
	return v.Show("health", web.Screen{
		Title: "Health",
		Help: "Checks the database, every credential, mailbox and chat, as `parley doctor` does, and says what to do. " +
			"It changes nothing, and may take a minute or two.",
		Data: found,
	})
}
