package manifests_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stages returns the instructions of each stage of the Dockerfile, without comments and one on each line. The first line
// of a stage says what it is made of. The last stage is the image.
func stages(t *testing.T) (build, tools, image string) {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(read(t, "Dockerfile"), "")
	text = regexp.MustCompile(`\\\n\s*`).ReplaceAllString(text, "")
	all := strings.Split("\n"+text, "\nFROM ")[1:]
	if len(all) != 3 {
		t.Fatalf("%d stages, want three", len(all))
	}
	return all[0], all[1], all[2]
}

// has reports the lines that a stage doesn't have as they stand.
func has(t *testing.T, name, stage string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !slices.Contains(strings.Split(stage, "\n"), line) {
			t.Errorf("stage %s lacks the line %s", name, line)
		}
	}
}

// TestDockerfile checks that the image contains only Parley without its emulators, runs it as a user without rights,
// and asks the program itself whether it is healthy.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	build, tools, image := stages(t)
	has(t, "tools", tools, "USER 65532:65532", `ENTRYPOINT ["/usr/local/bin/parley"]`)
	has(t, "image", image, "scratch", "USER 65532:65532", `ENTRYPOINT ["/usr/local/bin/parley"]`)
	if !strings.Contains(image, "\nHEALTHCHECK ") || !strings.Contains(image, ` CMD ["/usr/local/bin/parley", "health"]`+"\n") {
		t.Error("the image doesn't ask the program how it is")
	}
	if strings.Contains(image, "\nRUN ") {
		t.Error("the image has no shell that could run anything")
	}

	var names []string
	for _, pair := range regexp.MustCompile(`(\w+)=`).FindAllStringSubmatch(regexp.MustCompile(`\nENV .*`).FindString(image), -1) {
		if pair[1] != "PATH" {
			names = append(names, pair[1])
		}
	}
	checkVariables(t, "Dockerfile", names)

	// PostgreSQL's initdb, which is used to try a backup, looks up its user's name. A new volume gets the owner of its
	// folder in the image.
	for what, lacks := range map[string]bool{
		"initdb doesn't find the name of its user": !strings.Contains(tools, "'parley:x:65532:65532::/data:/none' >> /etc/passwd"),
		"a new volume of tools would be root's":    !strings.Contains(tools, "-m 0700 -o 65532 -g 65532 /data /data/backups /backups"),
		"a new volume of backups would be root's":  !strings.Contains(build, "install -d -m 0700 /data-of-image/backups"),
	} {
		if lacks {
			t.Error(what)
		}
	}
}

// TestImagesProgram checks how the image's program is built.
func TestImagesProgram(t *testing.T) {
	t.Parallel()
	build, _, _ := stages(t)
	has(t, "build", build, "ARG TARGETOS", "ARG TARGETARCH", "ARG VERSION") // without values, which would win over those that are given
	compiles := regexp.MustCompile(`\nRUN .*go build.*`).FindString(build)
	for _, part := range []string{
		"CGO_ENABLED=0", "-tags served", "-trimpath", "-X parley/cmd/parley/operate.version=$VERSION", "./cmd/parley",
	} {
		if !strings.Contains(compiles, part) {
			t.Errorf("the image's program is built without %s: %s", part, compiles)
		}
	}

	version := regexp.MustCompile(`golang:([0-9.]+)`).FindStringSubmatch(build)
	if version == nil || !strings.Contains(read(t, filepath.Join("..", "go.mod")), "\ngo "+version[1]) {
		t.Errorf("the image is built with Go %s, go.mod asks for another", version)
	}
}

// TestSecretsAreIgnored checks that files which the docs tell operators to write beside the code can't get into an
// image's layers or into a commit.
func TestSecretsAreIgnored(t *testing.T) {
	t.Parallel()
	secrets := []string{"master_key", "database_url", "slack_*_token", "parley.yaml", "*.env", ".env", "*.parley", "erasures*.jsonl"}
	docker := strings.Fields(read(t, filepath.Join("..", ".dockerignore")))
	for _, name := range append([]string{".git", "data", "bin", "secrets"}, secrets...) {
		if !slices.Contains(docker, name) && !slices.Contains(docker, "**/"+name) {
			t.Errorf(".dockerignore lets %s into the builder", name)
		}
	}
	git := strings.Fields(read(t, filepath.Join("..", ".gitignore")))
	for _, name := range secrets {
		if !slices.Contains(git, name) {
			t.Errorf(".gitignore lets %s into a commit", name)
		}
	}
}
