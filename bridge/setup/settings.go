package setup

import (
	"fmt"
	"slices"

	"parley/bridge"
)

// readSettings changes settings (bridge.Settings), of all accounts or of one:
//
//	settings: {confirm_send: on, reply_claims: off}
//
// The value "" restores the default. A value that isn't allowed gets a fault.
func (g *Group) readSettings(name string, settings map[string]string) {
	group := g.Group(name)
	if group == nil {
		return
	}

	for _, known := range bridge.Settings() {
		t := group.Text(known.Name)
		if t == nil {
			continue
		}

		if slices.Contains(known.Values, "on") {
			t.Value = switchWord(t.Value)
		}

		switch {
		case t.Value == "":
			delete(settings, known.Name)
			continue
		case known.Values == nil:
			group.checkFreeText(*t, known)
		default:
			group.checkOneOf(*t, known.Name, known.Values...)
		}

		settings[known.Name] = t.Value
	}

	group.Done()
}

// switchWord returns the value of a setting that is on or off. Admins may also write the booleans of YAML.
func switchWord(value string) string {
	switch value {
	case "true":
		return "on"
	case "false":
		return "off"
	}
	return value
}

// checkFreeText adds a fault if the value of a setting without a list of values isn't valid.
func (g *Group) checkFreeText(t Text, known bridge.Setting) {
	switch {
	case known.Free.Valid(t.Value):
	case known.Free.Why != nil:
		g.Fault(t.At, known.Name, known.Free.Why(t.Value), known.Free.Write)
	default:
		g.Fault(t.At, known.Name, fmt.Sprintf("%q %s", t.Raw, known.Free.NotSo), known.Free.Write)
	}
}

// writeSettings writes the settings that differ from their defaults. values holds no entry, or an empty one, for the
// others.
func writeSettings(d *Mapping, values map[string]string) {
	for _, setting := range bridge.Settings() {
		if value := values[setting.Name]; value != "" {
			d.Child("settings").AddText(setting.Name, value)
		}
	}
}
