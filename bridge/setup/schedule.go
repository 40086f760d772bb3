package setup

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// schedule reads a cron expression; "" = never. nil if the key is missing.
func (o *object) schedule(name string) *text {
	t := o.text(name)
	if t == nil || t.value == "" {
		return t
	}
	if s, err := cron.ParseStandard(t.value); err != nil || s.Next(time.Now()).IsZero() { //nolint:forbidigo // any time does
		o.fault(t.at, name, fmt.Sprintf("%q is no time that comes round", t.raw), `Write a cron expression: "0 9 * * MON" is Mondays at nine.`)
	}
	return t
}
