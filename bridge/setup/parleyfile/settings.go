package parleyfile

import (
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/setup/document"
)

// Setting is a setting's name with its value; "" means the default.
type Setting struct{ Name, Value string }

// readSettings reads settings, for all accounts or for one; "" resets one to its default.
func (o *object) readSettings(name string) []Setting {
	group := o.group(name)
	if group == nil {
		return nil
	}

	var all []Setting
	for _, known := range bridge.Settings() {
		t := group.Text(known.Name)
		if t == nil {
			continue
		}

		if slices.Contains(known.Values, "on") {
			switch t.Value {
			case "true":
				t.Value = "on"
			case "false":
				t.Value = "off"
			}
		}

		switch {
		case t.Value == "":
		case known.Values == nil:
			group.checkFreeText(*t, known)
		default:
			group.checkOneOf(*t, known.Name, known.Values...)
		}

		all = append(all, Setting{known.Name, t.Value})
	}

	group.Done()
	return all
}

// checkFreeText checks the value of a setting without a list of values.
func (o *object) checkFreeText(t document.Text, known bridge.Setting) {
	switch {
	case known.Free.Valid(t.Value):
	case known.Free.Why != nil:
		o.Fault(t.At, known.Name, known.Free.Why(t.Value), known.Free.Write)
	default:
		o.Fault(t.At, known.Name, fmt.Sprintf("%q %s", t.Raw, known.Free.NotSo), known.Free.Write)
	}
}
