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
	"parley/bridge/setup/document"
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

func (o *object) oneOf(t document.Text, name string, allowed ...string) {
	if !slices.Contains(allowed, t.Value) {
		o.Fault(t.At, name, fmt.Sprintf("%q is not possible", t.Raw), "Write "+either(allowed)+".")
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

func (o *object) zone(t document.Text) {
	if t.Value == "" {
		return
	}
	if _, err := time.LoadLocation(t.Value); err != nil || t.Value == "Local" {
		o.Fault(t.At, "zone", fmt.Sprintf("%q is no time zone", t.Raw), "Write a name like Europe/Berlin.")
	}
}

func (o *object) yesNo(name string) *bool {
	t := o.Text(name)
	if t == nil {
		return nil
	}
	switch t.Value {
	case "true", "false":
		yes := t.Value == "true"
		return &yes
	}
	o.Fault(t.At, name, fmt.Sprintf("%q is not possible", t.Raw), "Write true or false.")
	return nil
}

// hold reads a duration; "" = the channel's default.
func (o *object) hold(name string) *hold {
	t := o.Text(name)
	if t == nil {
		return nil
	}
	if t.Value == "" {
		return &hold{}
	}
	d, err := time.ParseDuration(t.Value)
	if err != nil {
		o.Fault(t.At, name, fmt.Sprintf("%q is no duration", t.Raw), "Write it with its unit: 20s, 1m30s.")
		return nil
	}
	if d < 0 || d > maxHold {
		o.Fault(t.At, name, fmt.Sprintf("%q is out of range", t.Raw), "Write something from 0s to 10m.")
		return nil
	}
	seconds := d.Seconds()
	return &hold{seconds: &seconds}
}

// rate reads the factor on the provider's published budget.
func (o *object) rate(name string) *float64 {
	t := o.Text(name)
	if t == nil {
		return nil
	}
	rate, err := strconv.ParseFloat(t.Value, 64)
	if err != nil || !(rate >= 0 && rate <= 1000) {
		o.Fault(t.At, name, fmt.Sprintf("%q is no factor", t.Raw), "Write a number from 0 to 1000: 1 is the provider's published rate, 0 means none of our own.")
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
			group.freeText(*t, known)
		default:
			group.oneOf(*t, known.Name, known.Values...)
		}
		all = append(all, setting{known.Name, t.Value})
	}
	group.Done()
	return all
}

// freeText checks the value of a setting without a list of values.
func (o *object) freeText(t document.Text, known bridge.Setting) {
	switch {
	case known.Free.Valid(t.Value):
	case known.Free.Why != nil:
		o.Fault(t.At, known.Name, known.Free.Why(t.Value), known.Free.Write)
	default:
		o.Fault(t.At, known.Name, fmt.Sprintf("%q %s", t.Raw, known.Free.NotSo), known.Free.Write)
	}
}

// section reads a group of keys that may belong to the account's channel.
func (o *object) section(key string) (section, bool) {
	switch o.Values[key].(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		o.Fault(o.Places[key], key, "must be a group of keys, not "+document.Shape(o.Values[key]), "Write the values out.")
		return section{}, false
	default:
		o.Unknown(key)
		return section{}, false
	}
	s := section{key: key, at: o.Places[key]}
	s.read(o, o.Values[key], o.Label(key), "")
	return s, true
}

// read adds the values of a group of keys, by their paths.
func (s *section) read(o *object, n ast.Node, where, prefix string) {
	group := o.object(n, where)
	if group == nil {
		return
	}
	for _, name := range group.Names {
		f := field{path: prefix + name, at: group.Places[name]}
		if strings.Contains(name, ".") {
			group.Fault(f.at, name, "is no key", "Nest it: imap: {host: …} instead of imap.host.")
			continue
		}
		switch v := group.Values[name].(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			s.read(o, v, group.Label(name), f.path+".")
			continue
		case *ast.SequenceNode:
			if f.many = o.ReadList(v, group.Label(name)); f.many == nil {
				continue
			}
		default:
			t, ok := o.ReadText(v, group.Label(name))
			if !ok {
				continue
			}
			f.one = &t
		}
		s.fields = append(s.fields, f)
	}
}
