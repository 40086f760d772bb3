package manifests_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestInstallCommands checks that docs/install.md leads to a running Parley in five commands on one machine and in ten
// on Kubernetes, and that its sub-commands and files exist.
func TestInstallCommands(t *testing.T) {
	t.Parallel()
	doc := read(t, "../docs/install.md")
	for heading, most := range map[string]int{
		"## One machine, with containers\n": 5,
		"## One machine, with systemd\n":    5,
		"## Kubernetes\n":                   10,
	} {
		_, section, ok := strings.Cut(doc, heading)
		if !ok {
			t.Fatalf("no section %q", heading)
		}

		_, section, _ = strings.Cut(section, "```sh\n")
		commands, _, _ := strings.Cut(section, "\n```")
		lines := strings.Split(commands, "\n")
		if len(lines) != most {
			t.Errorf("%s: %d commands, want %d", strings.TrimSpace(heading), len(lines), most)
		}
		for i, line := range lines {
			number := regexp.MustCompile(`# (\d+)\b`).FindStringSubmatch(line)
			if number == nil || number[1] != strconv.Itoa(i+1) {
				t.Errorf("%s: command %d is %s", strings.TrimSpace(heading), i+1, line)
			}
			for _, file := range regexp.MustCompile(`manifests/[A-Za-z./]+`).FindAllString(line, -1) {
				exists(t, strings.TrimPrefix(file, "manifests/"))
			}
		}
	}

	main := read(t, "../cmd/parley/main.go")
	asked := regexp.MustCompile("(?:parley|tools) parley ([a-z-]+)|-- parley ([a-z-]+)|"+
		"rm (?:-T )?tools ([a-z]+)|`parley ([a-z-]+)").FindAllStringSubmatch(doc, -1)
	if len(asked) < 8 {
		t.Fatalf("only %d sub-commands were found", len(asked))
	}
	for _, groups := range asked {
		name := strings.Join(groups[1:], "")
		field := "" // AdminLink is admin-link
		for word := range strings.SplitSeq(name, "-") {
			field += strings.ToUpper(word[:1]) + word[1:]
		}
		if !slices.Contains([]string{"demo"}, name) && !strings.Contains(main, "\t"+field+" ") {
			t.Errorf("docs/install.md runs parley %s, which is not there", name)
		}
	}
}

// TestInstallBuildsTools checks that the commands of docs/install.md which follow an upgrade build parley-tools by
// name: compose doesn't build it otherwise. Without that, the previous version of the program would run, which the
// database refuses.
func TestInstallBuildsTools(t *testing.T) {
	t.Parallel()
	found := 0
	for line := range strings.Lines(read(t, "../docs/install.md")) {
		for _, command := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(line, -1) {
			if !strings.Contains(command[1], "--build") {
				continue
			}
			found++
			if !strings.Contains(command[1], "docker compose build tools && ") {
				t.Errorf("docs/install.md runs an old parley-tools: %s", command[1])
			}
		}
	}
	if found < 2 {
		t.Errorf("only %d commands were found", found)
	}
}
