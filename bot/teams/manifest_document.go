package teams

// document is an app manifest: the description of an app that is uploaded to Teams. Teams' schema (manifestSchema)
// explains the fields of this type and of the types below, which are its parts.
type document struct {
	Schema                  string            `json:"$schema"`
	SchemaVersion           string            `json:"manifestVersion"`
	Version                 string            `json:"version"`
	ID                      string            `json:"id"`
	Developer               developer         `json:"developer"`
	Name                    map[string]string `json:"name"`
	Description             map[string]string `json:"description"`
	Icons                   map[string]string `json:"icons"`
	Accent                  string            `json:"accentColor"`
	DefaultInstallScope     string            `json:"defaultInstallScope"`
	DefaultGroupCapability  map[string]string `json:"defaultGroupCapability"`
	SupportsChannelFeatures string            `json:"supportsChannelFeatures"`
	Bots                    []bot             `json:"bots"`
	ComposeExtensions       []extension       `json:"composeExtensions"`
	StaticTabs              []tab             `json:"staticTabs"`
	Permissions             []string          `json:"permissions"`
	ValidDomains            []string          `json:"validDomains"` // domains of pages in dialogs
	Application             *webApp           `json:"webApplicationInfo,omitempty"`
	Authorization           *authorization    `json:"authorization,omitempty"`
}

type developer struct {
	Name    string `json:"name"`
	Website string `json:"websiteUrl"`
	Privacy string `json:"privacyUrl"`
	Terms   string `json:"termsOfUseUrl"`
}

type bot struct {
	ID                       string        `json:"botId"`
	Scopes                   []string      `json:"scopes"`
	SupportsFiles            bool          `json:"supportsFiles"`
	IsNotificationOnly       bool          `json:"isNotificationOnly"`
	SupportsTargetedMessages bool          `json:"supportsTargetedMessages"`
	Commands                 []commandList `json:"commandLists"`
}

type commandList struct {
	Scopes   []string  `json:"scopes"`
	Triggers []string  `json:"triggers,omitempty"`
	Commands []offered `json:"commands"`
}

type offered struct {
	Title       string `json:"title"`
	Description string `json:"description"`
}

type extension struct {
	BotID    string             `json:"botId"`
	Commands []extensionCommand `json:"commands"`
}

type extensionCommand struct {
	ID          string      `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Context     []string    `json:"context"`
	FetchTask   bool        `json:"fetchTask,omitempty"`
	InitialRun  bool        `json:"initialRun,omitempty"`
	Triggers    []string    `json:"triggers,omitempty"`
	Parameters  []parameter `json:"parameters,omitempty"`
}

type parameter struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Input string `json:"inputType"`
}

// tab is one of Parley's web pages inside Teams.
type tab struct {
	ID      string   `json:"entityId"`
	Name    string   `json:"name"`
	Content string   `json:"contentUrl"` // address for the tab
	Website string   `json:"websiteUrl"` // address for a browser
	Scopes  []string `json:"scopes"`
}

type webApp struct {
	ID       string `json:"id"`
	Resource string `json:"resource"`
}

type authorization struct {
	Permissions struct {
		Resource []right `json:"resourceSpecific"`
	} `json:"permissions"`
}

type right struct {
	Name string `json:"name"`
	Type string `json:"type"`
}
