package torture

import (
	"time"

	"parley/bridge/relay"
	"parley/channels/twilio"
	"parley/cmd/parley/app"
)

// ShortenWaits shortens the waits of production for a run of seconds. It changes when something is tried again, never
// whether it may be.
func ShortenWaits(o app.Options, env app.Env) app.Options {
	o.Relay = relay.Options{
		MaxRequest:     6 * time.Second,
		LeaseMargin:    3 * time.Second,
		ReconcileAfter: time.Second,
		AbsentAgain:    2 * time.Second,
		UnclearAfter:   90 * time.Second, // long enough for several checks on a slow machine
	}
	if env.SlackRate > 0 { // Slack's limit may let Parley look only after a minute
		o.Relay.UnclearAfter = 3 * time.Minute
	}

	o.Backoff = []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	o.Lease = 6 * time.Second
	o.Sweep = 10 * time.Second
	o.Specs = app.Specs()
	for i := range o.Specs {
		if o.Specs[i].Kind == "sms" {
			o.Specs[i] = twilio.SMSSpec(twilio.Options{Poll: 3 * time.Second, Settle: 2 * time.Second})
		}
	}

	return o
}
