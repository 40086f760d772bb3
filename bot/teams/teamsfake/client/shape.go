package client

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// An Adaptive Card is JSON. schema says what each of its objects has: a line for its name and its properties, "!"
// behind those that must be there, "=" and what they may be. That is string, text (which is not empty), bool, number,
// pixels, object, one of several words, another object of this table, or a list of what follows []. A line that
// begins with * is a group of objects, told apart by their type; one that begins with a space goes on with the line
// before; + takes over the properties of another line. Names in brackets are ours.
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

// shapes is schema, read once.
type shapes struct {
	groups  map[string][]string
	objects map[string]map[string]property
}

type property struct {
	required bool
	kinds    []string
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
			s.objects[words[0]] = s.read(words[1:])
		}
	}
	return s
})

// read reads the properties of an object from its line in the schema.
func (s shapes) read(words []string) map[string]property {
	known := map[string]property{"type": {kinds: []string{"text"}}}
	for _, w := range words {
		if other, ok := strings.CutPrefix(w, "+"); ok {
			maps.Copy(known, s.objects[other])
			continue
		}
		name, kinds, _ := strings.Cut(w, "=")
		propertyName, required := strings.CutSuffix(name, "!")
		known[propertyName] = property{required: required, kinds: strings.Split(kinds, "/")}
	}
	return known
}

// sizes are the kinds of text that are a size: of pixels, and a share of the width.
var sizes = map[string]*regexp.Regexp{ //nolint:gochecknoglobals // constant
	"pixels": regexp.MustCompile(`^\d+px$`), "weight": regexp.MustCompile(`^\d+(\.\d+)?$`),
}

// isTextOfKind reports whether a text is of a kind. Words count whatever their case.
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

// checkObject checks a card's object against the schema: kind is its name there, or its group's.
func (c *cardCheck) checkObject(o object, kind string) {
	name, ok := cards().nameOf(o, kind)
	if !ok {
		typeName, _ := o["type"].(string)
		c.addFault("unknown %s %q", strings.ToLower(kind), typeName)
		return
	}

	fallback, hasFallback := o["fallback"].(object)
	if hasFallback && fallback["id"] == o["id"] {
		delete(fallback, "id") // it takes the other's place
	}

	c.checkProperties(o, name)
	c.checkRules(o, name)
}

// nameOf returns the name that the schema has for an object which stands where one of this kind is wanted. ok is false if it is
// none of that kind.
func (s shapes) nameOf(o object, kind string) (name string, ok bool) {
	typeName, _ := o["type"].(string)
	if group, isGroup := s.groups[kind]; isGroup {
		return typeName, slices.Contains(group, typeName)
	}
	isOurs := kind[0] == '(' // such an object has no type, or any
	return kind, isOurs || o["type"] == nil || typeName == kind
}

// checkProperties checks which properties an object has, and of which kind they are.
func (c *cardCheck) checkProperties(o object, name string) {
	known := cards().objects[name]
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if known[key].required && o[key] == nil {
			c.addFault("%s without %s", name, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		p, ok := known[key]
		switch {
		case !ok:
			c.addFault("%s has no property %q", name, key)
		case o[key] != nil:
			c.checkKinds(o[key], p.kinds, name+"."+key)
		}
	}
}

// checkKinds notes a fault if a value is of none of several kinds. at says where the value stands.
func (c *cardCheck) checkKinds(v any, kinds []string, at string) {
	isOfKind := func(kind string) bool { return c.isOfKind(v, kind, at) }
	if !slices.ContainsFunc(kinds, isOfKind) {
		c.addFault("%s is no %s: %.80v", at, strings.Join(kinds, " or "), v)
	}
}

// isOfKind reports whether a value is of a kind. It checks what is in lists and objects of that kind, and notes the faults.
func (c *cardCheck) isOfKind(v any, kind, at string) bool {
	of, isList := strings.CutPrefix(kind, "[]")
	switch x := v.(type) {
	case []any:
		if isList {
			for _, e := range x {
				c.checkKinds(e, strings.Split(of, ","), at)
			}
		}
		return isList
	case object:
		_, isGroup := cards().groups[kind]
		_, isObject := cards().objects[kind]
		if isGroup || isObject {
			c.checkObject(x, kind)
			return true
		}
		return kind == "object"
	case string:
		return !isList && isTextOfKind(x, kind)
	case bool:
		return kind == "bool"
	case float64:
		return kind == "number"
	}
	return false
}
