package setup

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge"
)

const maxHold = 10 * time.Minute

var accountNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

func isAccountName(s string) bool { return accountNames.MatchString(s) }

// isEmail says whether a text is an e-mail address without a name.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}

// trialAddress writes an address in the form of the channels, which compare addresses exactly.
func trialAddress(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "@") {
		return strings.ToLower(s)
	}
	return s
}

func (o *object) oneOf(t text, name string, allowed ...string) {
	if !slices.Contains(allowed, t.value) {
		o.fault(t.at, name, fmt.Sprintf("%q is not possible", t.raw), "Write "+either(allowed)+".")
	}
}

// either joins alternatives: "a, b or c".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func (o *object) zone(t text) {
	if t.value == "" {
		return
	}
	if _, err := time.LoadLocation(t.value); err != nil || t.value == "Local" {
		o.fault(t.at, "zone", fmt.Sprintf("%q is no time zone", t.raw), "Write a name like Europe/Berlin.")
	}
}

func (o *object) yesNo(name string) *bool {
	t := o.text(name)
	if t == nil {
		return nil
	}
	switch t.value {
	case "true", "false":
		yes := t.value == "true"
		return &yes
	}
	o.fault(t.at, name, fmt.Sprintf("%q is not possible", t.raw), "Write true or false.")
	return nil
}

// hold reads a duration; "" = the channel's default.
func (o *object) hold(name string) *hold {
	t := o.text(name)
	if t == nil {
		return nil
	}
	if t.value == "" {
		return &hold{}
	}
	d, err := time.ParseDuration(t.value)
	if err != nil {
		o.fault(t.at, name, fmt.Sprintf("%q is no duration", t.raw), "Write it with its unit: 20s, 1m30s.")
		return nil
	}
	if d < 0 || d > maxHold {
		o.fault(t.at, name, fmt.Sprintf("%q is out of range", t.raw), "Write something from 0s to 10m.")
		return nil
	}
	seconds := d.Seconds()
	return &hold{seconds: &seconds}
}

// rate reads the factor on the provider's published budget.
func (o *object) rate(name string) *float64 {
	t := o.text(name)
	if t == nil {
		return nil
	}
	rate, err := strconv.ParseFloat(t.value, 64)
	if err != nil || !(rate >= 0 && rate <= 1000) {
		o.fault(t.at, name, fmt.Sprintf("%q is no factor", t.raw), "Write a number from 0 to 1000: 1 is the provider's published rate, 0 means none of our own.")
		return nil
	}
	return &rate
}

// settings reads settings, for all accounts or for one; "" resets one to its default.
func (o *object) settings(name string) []setting {
	group := o.group(name)
	if group == nil {
		return nil
	}
	var all []setting
	for _, known := range bridge.Settings() {
		t := group.text(known.Name)
		if t == nil {
			continue
		}
		if slices.Contains(known.Values, "on") {
			switch t.value {
			case "true":
				t.value = "on"
			case "false":
				t.value = "off"
			}
		}
		switch {
		case t.value == "":
		case known.Values == nil:
			group.freeText(*t, known)
		default:
			group.oneOf(*t, known.Name, known.Values...)
		}
		all = append(all, setting{known.Name, t.value})
	}
	group.done()
	return all
}

// freeText checks the value of a setting without a list of values.
func (o *object) freeText(t text, known bridge.Setting) {
	switch {
	case known.Free.Valid(t.value):
	case known.Free.Why != nil:
		o.fault(t.at, known.Name, known.Free.Why(t.value), known.Free.Write)
	default:
		o.fault(t.at, known.Name, fmt.Sprintf("%q %s", t.raw, known.Free.NotSo), known.Free.Write)
	}
}

// section reads a group of keys that may belong to the account's channel.
func (o *object) section(key string) (section, bool) {
	switch o.values[key].(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		o.fault(o.places[key], key, "must be a group of keys, not "+shape(o.values[key]), "Write the values out.")
		return section{}, false
	default:
		o.unknown(key)
		return section{}, false
	}
	s := section{key: key, at: o.places[key]}
	o.flatten(&s, o.values[key], o.label(key), "")
	return s, true
}

func (r *reader) flatten(s *section, n ast.Node, where, prefix string) {
	group := r.object(n, where)
	if group == nil {
		return
	}
	for _, name := range group.names {
		f := field{path: prefix + name, at: group.places[name]}
		if strings.Contains(name, ".") {
			group.fault(f.at, name, "is no key", "Nest it: imap: {host: …} instead of imap.host.")
			continue
		}
		switch v := group.values[name].(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			r.flatten(s, v, group.label(name), f.path+".")
			continue
		case *ast.SequenceNode:
			if f.many = r.items(v, group.label(name)); f.many == nil {
				continue
			}
		default:
			t, ok := r.scalar(v, group.label(name))
			if !ok {
				continue
			}
			f.one = &t
		}
		s.fields = append(s.fields, f)
	}
}
