package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// changeFile is a small parley.yaml that is generated from a Change, an edit that somebody made in a form. Every value
// is on its own line, and paths records the form field behind each line. The parser reports faults by line, so each
// fault can be shown at the field to which it belongs:
//
//	lines                                paths
//	accounts:
//	  - "name": "support-mail"           name
//	    "email":                         email
//	      "imap":                        email.imap
//	        "host": "mail.example.com"   email.imap.host
type changeFile struct {
	kind   string   // of the entry: EntryAgent, …
	fields []Field  // all fields of that kind
	lines  []string // without line ends
	paths  []string // parallel to lines; "" for a line that belongs to no field
}

func (d *changeFile) addLine(indent int, text, path string) {
	d.lines = append(d.lines, strings.Repeat("  ", indent)+text)
	d.paths = append(d.paths, path)
}

// build generates the file for a change of an entry at this location.
func (d *changeFile) build(c Change, at names) {
	if at.list == "" {
		d.addValues(c.Values, "", 0)
		return
	}

	values := maps.Clone(c.Values)
	delete(values, at.key)
	d.addLine(0, at.list+":", "")
	if c.Kind == EntryTemplate {
		d.addTemplateName(c.Name)
		delete(values, "language")
		delete(values, "accounts")
	} else {
		d.addLine(1, "- "+yamlText(at.key)+": "+yamlText(c.Name), at.key)
	}

	if c.Channel != "" {
		d.addLine(2, `"kind": `+yamlText(c.Channel), "kind")
	}

	d.addValues(values, "", 2)
}

// addTemplateName splits the name of a template's entry, ACCOUNT/LANGUAGE/NAME, into three keys.
func (d *changeFile) addTemplateName(name string) {
	templateName, language, account := splitTemplateEntry(name)
	d.addLine(1, `- "name": `+yamlText(templateName), "name")
	d.addLine(2, `"language": `+yamlText(language), "language")
	d.addLine(2, `"accounts": [`+yamlText(account)+`]`, "accounts")
}

// addValues writes all values whose path begins with prefix, one key of the YAML mapping after another.
func (d *changeFile) addValues(values map[string][]string, prefix string, indent int) {
	written := map[string]bool{} // keys
	for _, path := range slices.Sorted(maps.Keys(values)) {
		rest, hasPrefix := strings.CutPrefix(path, prefix)
		if !hasPrefix {
			continue
		}

		key, subKeys, _ := strings.Cut(rest, ".")
		if written[key] {
			continue
		}

		if subKeys != "" {
			written[key] = true
			d.addLine(indent, yamlText(key)+":", prefix+key)
			d.addGroup(values, prefix+key+".", indent+1)
			continue
		}

		if hasSubKeys(values, path) { // the group's own path would clear it, but its keys follow and replace it
			continue
		}

		written[key] = true
		d.addValue(indent, key, path, values[path])
	}
}

// addGroup writes the content of a group. If its keys are numbers ("days.0.date"), that is a list of groups, otherwise a
// mapping.
func (d *changeFile) addGroup(values map[string][]string, prefix string, indent int) {
	var numbers []int
	for path := range values {
		rest, hasPrefix := strings.CutPrefix(path, prefix)
		number, key, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		isListItem := hasPrefix && err == nil && key != ""
		if isListItem && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}

	if len(numbers) == 0 {
		d.addValues(values, prefix, indent)
		return
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		d.addLine(indent, "-", fmt.Sprint(prefix, n))
		d.addValues(values, fmt.Sprintf("%s%d.", prefix, n), indent+1)
	}
}

// hasSubKeys reports whether there are values for keys of the group at path.
func hasSubKeys(values map[string][]string, path string) bool {
	for other := range values {
		if strings.HasPrefix(other, path+".") {
			return true
		}
	}
	return false
}

// addValue writes the value at a path as an empty group, a list or a text, depending on its field.
func (d *changeFile) addValue(indent int, key, path string, values []string) {
	kind := d.inputAt(path, values)
	isText := kind != InputGroup && kind != InputList
	switch {
	case kind == InputGroup && strings.Join(values, "") == "":
		d.addLine(indent, yamlText(key)+": {}", path)
	case isText:
		d.addLine(indent, yamlText(key)+": "+yamlText(strings.Join(values, "\n")), path)
	case len(values) == 0:
		d.addLine(indent, yamlText(key)+": []", path)
	default:
		d.addLine(indent, yamlText(key)+":", path)
		for _, v := range values {
			d.addLine(indent+1, "- "+yamlText(v), path)
		}
	}
}

// inputAt returns how the value at a path is entered. In a group whose keys people choose themselves there are no fields;
// one value is a text there, and any other number of values is a list.
func (d *changeFile) inputAt(path string, values []string) Input {
	if f := fieldAt(d.fields, path); f != nil {
		return f.Input
	}
	if len(values) != 1 {
		return InputList
	}
	return InputText
}

// yamlText quotes a text as a JSON string, which is valid YAML, and escapes ${.
func yamlText(s string) string {
	body, _ := json.Marshal(Escape(s)) // marshalling a string can't fail
	return string(body)
}

// asRefused converts the faults of the generated file to a *Refused that maps each fault to its form field. Any other
// error is returned unchanged.
func (d *changeFile) asRefused(err error) error {
	var faults Faults
	if !errors.As(err, &faults) {
		return err
	}

	refused := &Refused{Fields: map[string]string{}}
	for _, f := range faults {
		text := writeSentence(f)
		path := d.pathOf(f)
		if path == "" {
			refused.Others = append(refused.Others, f.Where+": "+text)
			continue
		}
		if refused.Fields[path] != "" {
			text = refused.Fields[path] + " " + text
		}
		refused.Fields[path] = text
	}
	return refused
}

// writeSentence returns a fault and its hint as sentences. It capitalises the first letter unless that is in quotes.
func writeSentence(f Fault) string {
	text := strings.ToUpper(f.What[:1]) + f.What[1:] + "."
	if strings.HasPrefix(f.What, `"`) {
		text = f.What + "."
	}
	if f.Hint != "" {
		text += " " + f.Hint
	}
	return text
}

// pathOf returns the path of the field to which a fault belongs, or "". The fault names the field itself ("account
// support-mail: imap: host"); if no field has that name, the line of the fault identifies it.
func (d *changeFile) pathOf(f Fault) string {
	_, names, _ := strings.Cut(f.Where, ": ")
	if d.kind == EntryCompany {
		names = f.Where
	}
	path := strings.ReplaceAll(names, ": ", ".")
	if fieldAt(d.fields, path) != nil {
		return path
	}
	if f.At.Line > 0 && f.At.Line <= len(d.paths) {
		return d.paths[f.At.Line-1]
	}
	return ""
}
