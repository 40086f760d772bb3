package setup

import (
	"fmt"
	"time"

	"parley/bridge/setup/document"

	"github.com/robfig/cron/v3"
)

// schedule reads a cron expression; "" = never. nil if the key is missing.
func (o *object) schedule(name string) *document.Text {
	t := o.Text(name)
	if t == nil || t.Value == "" {
		return t
	}
	if s, err := cron.ParseStandard(t.Value); err != nil || s.Next(time.Now()).IsZero() { //nolint:forbidigo // any time does
		o.Fault(t.At, name, fmt.Sprintf("%q is no time that comes round", t.Raw), `Write a cron expression: "0 9 * * MON" is Mondays at nine.`)
	}
	return t
}
