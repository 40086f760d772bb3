package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/bridge/setup/document"
)

// changeFile is the parley.yaml that is made from a change. Each value stands in a line of its own, so that a fault in it
// leads back to the field that was typed.
type changeFile struct {
	kind   string
	fields []Field // all that an entry of this kind has
	lines  []string
	paths  []string // the path of the field from which each line was made; "" for none
}

// add appends a line. path is the field that the line is about, or empty.
func (d *changeFile) add(indent int, text, path string) {
	d.lines = append(d.lines, strings.Repeat("  ", indent)+text)
	d.paths = append(d.paths, path)
}

// build writes the whole file.
func (d *changeFile) build(c Change, place entryPlace) {
	if place.list == "" {
		d.addValues(c.Values, "", 0)
		return
	}

	values := maps.Clone(c.Values)
	delete(values, place.name)
	d.add(0, place.list+":", "")
	if c.Kind == EntryTemplate {
		d.addTemplateName(c.Name)
		delete(values, "language")
		delete(values, "accounts")
	} else {
		d.add(1, "- "+yamlText(place.name)+": "+yamlText(c.Name), place.name)
	}

	if c.Channel != "" {
		d.add(2, `"kind": `+yamlText(c.Channel), "kind")
	}

	d.addValues(values, "", 2)
}

// addTemplateName writes the name of a template's entry, ACCOUNT/LANGUAGE/NAME, as the three keys of the file.
func (d *changeFile) addTemplateName(name string) {
	account, rest, _ := strings.Cut(name, "/")
	language, templateName, _ := strings.Cut(rest, "/")
	d.add(1, `- "name": `+yamlText(templateName), "name")
	d.add(2, `"language": `+yamlText(language), "language")
	d.add(2, `"accounts": [`+yamlText(account)+`]`, "accounts")
}

// addValues writes the values below a path, group by group.
func (d *changeFile) addValues(values map[string][]string, prefix string, indent int) {
	done := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		rest, inside := strings.CutPrefix(path, prefix)
		if !inside {
			continue
		}

		key, below, _ := strings.Cut(rest, ".")
		if done[key] {
			continue
		}

		if below != "" {
			done[key] = true
			d.add(indent, yamlText(key)+":", prefix+key)
			d.addBelow(values, prefix+key+".", indent+1)
			continue
		}

		if hasBelow(values, path) { // the path of a group itself: the keys below it follow and replace the group
			continue
		}

		done[key] = true
		d.addValue(indent, key, path, values[path])
	}
}

// addBelow writes what stands below a key: a list of groups if the keys there are numbers, and else a group.
func (d *changeFile) addBelow(values map[string][]string, prefix string, indent int) {
	var numbers []int
	for path := range values {
		rest, inside := strings.CutPrefix(path, prefix)
		number, key, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		isOfList := inside && err == nil && key != "" // "0.date"
		if isOfList && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}

	if len(numbers) == 0 {
		d.addValues(values, prefix, indent)
		return
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		d.add(indent, "-", fmt.Sprint(prefix, n))
		d.addValues(values, fmt.Sprintf("%s%d.", prefix, n), indent+1)
	}
}

// hasBelow reports whether values are given for keys below a path.
func hasBelow(values map[string][]string, path string) bool {
	for other := range values {
		if strings.HasPrefix(other, path+".") {
			return true
		}
	}
	return false
}

// addValue writes one value in the form of its field. Some paths have no field, because people name the keys of the group
// themselves. At such a path, several values or none are a list.
func (d *changeFile) addValue(indent int, key, path string, values []string) {
	f := fieldAt(d.fields, path)
	isGroup := f != nil && f.Input == InputGroup
	isList := f != nil && f.Input == InputList
	if f == nil {
		isList = len(values) != 1
	}
	if isGroup && strings.Join(values, "") == "" {
		d.add(indent, yamlText(key)+": {}", path)
		return
	}
	if !isList && !isGroup {
		d.add(indent, yamlText(key)+": "+yamlText(strings.Join(values, "\n")), path)
		return
	}
	if len(values) == 0 {
		d.add(indent, yamlText(key)+": []", path)
		return
	}

	d.add(indent, yamlText(key)+":", path)
	for _, v := range values {
		d.add(indent+1, "- "+yamlText(v), path)
	}
}

// yamlText writes a text as a JSON string, which YAML reads as the same text.
func yamlText(s string) string {
	body, _ := json.Marshal(document.Escape(s)) // marshalling a string can't fail
	return string(body)
}

// asRefused turns faults of the file into a *Refused, with each at the field from which its line was made. It returns any
// other error as it is.
func (d *changeFile) asRefused(err error) error {
	var faults document.Faults
	if !errors.As(err, &faults) {
		return err
	}

	r := &Refused{Fields: map[string]string{}}
	for _, f := range faults {
		text := writeSentence(f)
		path := d.pathOf(f)
		if path == "" {
			r.Others = append(r.Others, f.Where+": "+text)
			continue
		}
		if r.Fields[path] != "" {
			text = r.Fields[path] + " " + text
		}
		r.Fields[path] = text
	}
	return r
}

// writeSentence writes what is wrong and what to do. The first letter becomes a capital one, except in a quoted text.
func writeSentence(f document.Fault) string {
	text := strings.ToUpper(f.What[:1]) + f.What[1:] + "."
	if strings.HasPrefix(f.What, `"`) {
		text = f.What + "."
	}
	if f.Hint != "" {
		text += " " + f.Hint
	}
	return text
}

// pathOf finds the field of a fault by the field's name, or else by the line. It returns "" if the fault has no field.
func (d *changeFile) pathOf(f document.Fault) string {
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
