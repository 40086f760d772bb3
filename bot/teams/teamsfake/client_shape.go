package teamsfake

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// schema lists the objects of an Adaptive Card, which is JSON, and their properties. Each object has a line (an indented line
// continues the one above):
//
//	Fact title!=text value!=text                 two required properties, both non-empty texts
//	Media sources!=[]MediaSource poster=string   a required list of objects of this table, and an optional string
//	Column width=auto|stretch/number/pixels      one of two words, or a number, or a text such as "80px"
//	Image +(block) url!=text                     the properties of (block), and one more
//	*Inline TextRun                              a group: where an Inline is expected, these types are valid
//
// The types of values are string, text (a string that isn't empty), bool, number, object (any), pixels ("80px") and weight
// ("2.5"). Names in parentheses aren't names of the Adaptive Card schema.
// Source: adaptivecards.io/explorer, schema 1.5; "Cards reference" and "Format cards in Teams" for msteams,
// targetWidth, grid.area and choices.data, read 2026-11.
const schema = `
*Element  ActionSet ColumnSet Container FactSet Image ImageSet Input.ChoiceSet Input.Date Input.Number Input.Text
    Input.Time Input.Toggle Media RichTextBlock Table TextBlock
*Action   Action.Execute Action.OpenUrl Action.ShowCard Action.Submit Action.ToggleVisibility
*Select   Action.Execute Action.OpenUrl Action.Submit Action.ToggleVisibility
*Inline   TextRun
*Execute  Action.Execute

AdaptiveCard $schema=string version=1.0|1.1|1.2|1.3|1.4|1.5 body=[]Element actions=[]Action selectAction=Select
    fallbackText=string backgroundImage=BackgroundImage/text minHeight=pixels rtl=bool speak=string lang=string
    verticalContentAlignment=top|center|bottom refresh=Refresh authentication=object metadata=object msteams=(msteams)
(msteams)    width=full allowExpand=bool entities=[](mention)
(mention)    type!=mention text!=text mentioned!=(mentioned)
(mentioned)  id!=text name=text type=text
BackgroundImage url!=text fillMode=cover|repeatHorizontally|repeatVertically|repeat
    horizontalAlignment=left|center|right verticalAlignment=top|center|bottom
Refresh      action!=Execute userIds=[]text

(block)      id=text isVisible=bool separator=bool spacing=default|none|small|medium|large|extraLarge|padding
    height=auto|stretch requires=object targetWidth=text grid.area=text fallback=drop/Element
TextBlock    +(block) text!=text color=default|dark|light|accent|good|warning|attention fontType=default|monospace
    horizontalAlignment=left|center|right isSubtle=bool maxLines=number size=default|small|medium|large|extraLarge
    weight=default|lighter|bolder wrap=bool style=default|heading
RichTextBlock +(block) inlines!=[]Inline,string horizontalAlignment=left|center|right
TextRun      text!=string color=default|dark|light|accent|good|warning|attention fontType=default|monospace
    highlight=bool isSubtle=bool italic=bool selectAction=Select size=default|small|medium|large|extraLarge
    strikethrough=bool underline=bool weight=default|lighter|bolder
Image        +(block) url!=text altText=string backgroundColor=string height=auto|stretch/pixels
    horizontalAlignment=left|center|right selectAction=Select size=auto|stretch|small|medium|large
    style=default|person width=pixels msteams=(msteams)
ImageSet     +(block) images!=[]Image imageSize=auto|stretch|small|medium|large
Media        +(block) sources!=[]MediaSource poster=string altText=string
MediaSource  mimeType!=text url!=text
Container    +(block) items!=[]Element selectAction=Select style=default|emphasis|good|attention|warning|accent
    verticalContentAlignment=top|center|bottom bleed=bool backgroundImage=BackgroundImage/text minHeight=pixels
    rtl=bool
ColumnSet    +(block) columns=[]Column selectAction=Select style=default|emphasis|good|attention|warning|accent
    bleed=bool minHeight=pixels horizontalAlignment=left|center|right
Column       +(block) fallback=drop/Column items=[]Element backgroundImage=BackgroundImage/text bleed=bool
    minHeight=pixels rtl=bool selectAction=Select style=default|emphasis|good|attention|warning|accent
    verticalContentAlignment=top|center|bottom width=auto|stretch/number/weight/pixels
FactSet      +(block) facts!=[]Fact
Fact         title!=text value!=text
ActionSet    +(block) actions!=[]Action
Table        +(block) columns=[]TableColumnDefinition rows=[]TableRow firstRowAsHeader=bool showGridLines=bool
    gridStyle=default|emphasis|good|attention|warning|accent horizontalCellContentAlignment=left|center|right
    verticalCellContentAlignment=top|center|bottom
TableColumnDefinition width=number/weight/pixels horizontalCellContentAlignment=left|center|right
    verticalCellContentAlignment=top|center|bottom
TableRow     cells=[]TableCell style=default|emphasis|good|attention|warning|accent
    horizontalCellContentAlignment=left|center|right verticalCellContentAlignment=top|center|bottom
TableCell    items!=[]Element selectAction=Select style=default|emphasis|good|attention|warning|accent
    verticalContentAlignment=top|center|bottom bleed=bool backgroundImage=BackgroundImage/text minHeight=pixels
    rtl=bool

(input)      +(block) id!=text label=text isRequired=bool errorMessage=string
Input.Text   +(input) value=string placeholder=string isMultiline=bool maxLength=number regex=text
    style=text|tel|url|email|password inlineAction=Select
Input.Number +(input) value=number placeholder=string min=number max=number
Input.Date   +(input) value=string placeholder=string min=string max=string
Input.Time   +(input) value=string placeholder=string min=string max=string
Input.Toggle +(input) value=string title!=text valueOn=string valueOff=string wrap=bool
Input.ChoiceSet +(input) value=string placeholder=string choices=[]Input.Choice choices.data=Data.Query
    isMultiSelect=bool style=compact|expanded|filtered wrap=bool
Input.Choice title!=text value!=string
Data.Query   dataset!=text count=number skip=number associatedInputs=auto|none

(action)     id=text title=string iconUrl=text style=default|positive|destructive fallback=drop/Action
    requires=object tooltip=string isEnabled=bool mode=primary|secondary
Action.OpenUrl +(action) url!=text
Action.Submit  +(action) data=string/object associatedInputs=auto|none msteams=object
Action.Execute +(action) verb!=text data=string/object associatedInputs=auto|none
Action.ShowCard +(action) card=AdaptiveCard
Action.ToggleVisibility +(action) targetElements!=[]TargetElement,string
TargetElement elementId!=text isVisible=bool
`

// shapes is the parsed schema.
type shapes struct {
	groups  map[string][]string            // names of objects, by the group's name
	objects map[string]map[string]property // properties by their names, by the object's name
}

type property struct {
	required bool
	kinds    []string // alternatives, such as "string", "auto|stretch" or "[]Element"
}

var cards = sync.OnceValue(func() shapes { //nolint:gochecknoglobals // constant
	s := shapes{groups: map[string][]string{}, objects: map[string]map[string]property{}}
	for line := range strings.Lines(strings.ReplaceAll(schema, "\n    ", " ")) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0][0] == '*' {
			s.groups[words[0][1:]] = words[1:]
		} else {
			s.objects[words[0]] = s.parseProperties(words[1:])
		}
	}
	return s
})

// parseProperties parses the properties of an object: the words of its line after the name. Lines to which the words refer
// with "+" must be parsed already.
func (s shapes) parseProperties(words []string) map[string]property {
	properties := map[string]property{"type": {kinds: []string{"text"}}}
	for _, word := range words {
		if base, ok := strings.CutPrefix(word, "+"); ok {
			maps.Copy(properties, s.objects[base])
			continue
		}
		left, kinds, _ := strings.Cut(word, "=")
		name, required := strings.CutSuffix(left, "!")
		properties[name] = property{required: required, kinds: strings.Split(kinds, "/")}
	}
	return properties
}

// sizes are the texts that are widths: a number of pixels, or a share of the available width.
var sizes = map[string]*regexp.Regexp{ //nolint:gochecknoglobals // constant
	"pixels": regexp.MustCompile(`^\d+px$`), "weight": regexp.MustCompile(`^\d+(\.\d+)?$`),
}

// isTextOfKind reports whether a text is valid for a kind. It ignores case in words such as auto|stretch.
func isTextOfKind(text, kind string) bool {
	switch kind {
	case "string":
		return true
	case "text":
		return text != ""
	case "pixels", "weight":
		return sizes[kind].MatchString(text)
	}
	return slices.ContainsFunc(strings.Split(kind, "|"), func(word string) bool { return strings.EqualFold(word, text) })
}

// checkObject checks an object of a card against the schema. kind is the object or group that is expected.
func (c *cardCheck) checkObject(o object, kind string) {
	name, ok := cards().nameOf(o, kind)
	if !ok {
		typeName, _ := o["type"].(string)
		c.addFault("unknown %s %q", strings.ToLower(kind), typeName)
		return
	}

	fallback, hasFallback := o["fallback"].(object)
	if hasFallback && fallback["id"] == o["id"] {
		delete(fallback, "id") // only one of both is shown, so the id isn't used twice
	}

	c.checkProperties(o, name)
	c.checkRules(o, name)
}

// nameOf returns the schema's name of an object where kind is expected. ok is false if the object isn't of that kind.
func (s shapes) nameOf(o object, kind string) (name string, ok bool) {
	typeName, _ := o["type"].(string)
	if group, isGroup := s.groups[kind]; isGroup {
		return typeName, slices.Contains(group, typeName)
	}
	mayHaveAnyType := kind[0] == '(' || o["type"] == nil
	return kind, mayHaveAnyType || typeName == kind
}

// checkProperties checks that an object has all required properties and no unknown ones, and checks their values.
func (c *cardCheck) checkProperties(o object, name string) {
	known := cards().objects[name]
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if known[key].required && o[key] == nil {
			c.addFault("%s without %s", name, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		property, isKnown := known[key]
		switch {
		case !isKnown:
			c.addFault("%s has no property %q", name, key)
		case o[key] != nil:
			c.checkKinds(o[key], property.kinds, name+"."+key)
		}
	}
}

// checkKinds checks that a value is of one of several kinds. path says where the value is, such as "Fact.title".
func (c *cardCheck) checkKinds(value any, kinds []string, path string) {
	isOfKind := func(kind string) bool { return c.isOfKind(value, kind, path) }
	if !slices.ContainsFunc(kinds, isOfKind) {
		c.addFault("%s is no %s: %.80v", path, strings.Join(kinds, " or "), value)
	}
}

// isOfKind reports whether a value is of a kind. If it is a list or an object, isOfKind also checks what it contains, and
// adds faults for that.
func (c *cardCheck) isOfKind(value any, kind, path string) bool {
	elementKinds, isList := strings.CutPrefix(kind, "[]")
	switch v := value.(type) {
	case []any:
		if isList {
			for _, element := range v {
				c.checkKinds(element, strings.Split(elementKinds, ","), path)
			}
		}
		return isList
	case object:
		_, isGroup := cards().groups[kind]
		_, isObject := cards().objects[kind]
		if isGroup || isObject {
			c.checkObject(v, kind)
			return true
		}
		return kind == "object"
	case string:
		return !isList && isTextOfKind(v, kind)
	case bool:
		return kind == "bool"
	case float64:
		return kind == "number"
	}
	return false
}
