package teams

import (
	"context"
	"log/slog"
	"time"

	"parley/bot/forms"
)

// RequestTimeout bounds one request to Microsoft's services.
const RequestTimeout = 20 * time.Second

// App is our app in one organisation, with the clients for Teams and Graph (Microsoft's API for reading).
type App struct {
	Tenant string // Entra id of the organisation
	Me     string // our own id: "28:" and the app id
	Client string // host at which people open Teams; see card.Home
	Log    *slog.Logger
	Now    func() time.Time
	Hosts  *Hosts // hosts to which our token may be sent
	Bot    *Client
	Graph  *GraphClient
	Work   *forms.Work    // background tasks; see RunLater
	Sweep  *forms.Sweeper // reads what Teams' requests missed; looks up and stores facts
	Desk   Desk

	ReadOnly    bool // cache new notes, but don't store them
	OwnServices bool // the settings name service addresses, so globalService would be wrong
}

// RunLater runs f in the background for at most RequestTimeout, also if ctx is cancelled. Surface.Run waits for it. It
// returns false, without running f, if too many tasks are running.
func (app *App) RunLater(ctx context.Context, f func(context.Context)) bool {
	return app.Work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), RequestTimeout)
		defer cancel()
		f(ctx)
	})
}
