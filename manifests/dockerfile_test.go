package manifests_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// stages parses a Dockerfile as BuildKit does.
func stages(text string) ([]instructions.Stage, error) {
	file, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	all, _, err := instructions.Parse(file.AST, nil)
	return all, err
}

// command returns the last command of a kind in a stage.
func command[C instructions.Command](stage instructions.Stage) (last C, ok bool) {
	for _, c := range stage.Commands {
		if c, is := c.(C); is {
			last, ok = c, true
		}
	}
	return last, ok
}

// TestDockerfile checks that the image contains only Parley without its emulators, runs it as a user without rights,
// and asks the program itself whether it is healthy.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	all, err := stages(read(t, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	build, image := all[0], all[len(all)-1]

	if image.BaseName != "scratch" {
		t.Errorf("the image is made of %s", image.BaseName)
	}
	for _, stage := range all {
		user, ok := command[*instructions.UserCommand](stage)
		if stage.Name != "build" && (!ok || user.User != "65532:65532") {
			t.Errorf("stage %q does not run as user 65532", stage.Name)
		}
		entry, ok := command[*instructions.EntrypointCommand](stage)
		if stage.Name != "build" && (!ok || !slices.Equal(entry.CmdLine, []string{"/usr/local/bin/parley"}) || entry.PrependShell) {
			t.Errorf("stage %q begins with %v", stage.Name, entry)
		}
	}

	health, ok := command[*instructions.HealthCheckCommand](image)
	if !ok || !slices.Equal(health.Health.Test, []string{"CMD", "/usr/local/bin/parley", "health"}) {
		t.Errorf("the image asks how it is by %v", health)
	}
	if run, ok := command[*instructions.RunCommand](image); ok {
		t.Errorf("the image has no shell that could run %s", run)
	}

	var names []string
	for _, c := range image.Commands {
		if env, ok := c.(*instructions.EnvCommand); ok {
			for _, pair := range env.Env {
				if pair.Key != "PATH" {
					names = append(names, pair.Key)
				}
			}
		}
	}

	checkVariables(t, "Dockerfile", names)
	checkTools(t, all)
	checkBuild(t, build)
}

// checkBuild checks how the image's program is built.
func checkBuild(t *testing.T, build instructions.Stage) {
	t.Helper()
	var compiles string
	for _, c := range build.Commands {
		if run, ok := c.(*instructions.RunCommand); ok && strings.Contains(strings.Join(run.CmdLine, " "), "go build") {
			compiles = strings.Join(run.CmdLine, " ")
		}
	}

	const tellVersion = "-X parley/cmd/parley/build.version=$VERSION"
	for _, part := range []string{"CGO_ENABLED=0", "-tags served", "-trimpath", tellVersion, "./cmd/parley"} {
		if !strings.Contains(compiles, part) {
			t.Errorf("the image's program is built without %s: %s", part, compiles)
		}
	}

	hasVersion := false
	for _, c := range build.Commands {
		arg, ok := c.(*instructions.ArgCommand)
		if !ok {
			continue
		}
		for _, a := range arg.Args {
			hasVersion = hasVersion || a.Key == "VERSION"
			if strings.HasPrefix(a.Key, "TARGET") && a.Value != nil {
				t.Errorf("%s=%s takes the place of the platform that is built for", a.Key, *a.Value)
			}
		}
	}
	if !hasVersion {
		t.Error("the image's program can't be told its version")
	}

	version := strings.TrimSuffix(strings.TrimPrefix(build.BaseName, "golang:"), "-bookworm")
	if !strings.Contains(read(t, filepath.Join("..", "go.mod")), "\ngo "+version) {
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

// checkTools checks what the images need besides the program. PostgreSQL's initdb, which is used to try a backup, looks
// up its user's name. A new volume gets the owner of its folder in the image.
func checkTools(t *testing.T, all []instructions.Stage) {
	t.Helper()
	ran := map[string]string{}
	for _, stage := range all {
		for _, c := range stage.Commands {
			if run, ok := c.(*instructions.RunCommand); ok {
				ran[stage.Name] += strings.Join(run.CmdLine, " ") + "\n"
			}
		}
	}
	for _, want := range []struct{ stage, part, why string }{
		{"tools", "'parley:x:65532:65532::/data:/none' >> /etc/passwd", "initdb doesn't find the name of its user"},
		{"tools", "-m 0700 -o 65532 -g 65532 /data /data/backups /backups", "a new volume would be root's"},
		{"build", "install -d -m 0700 /data-of-image/backups", "a new volume would be root's"},
	} {
		if !strings.Contains(ran[want.stage], want.part) {
			t.Errorf("stage %s lacks %s: %s", want.stage, want.part, want.why)
		}
	}
}

// TestDockerfileRefuses checks that BuildKit's parser finds mistakes in a Dockerfile.
func TestDockerfileRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"an unknown instruction": {"HEALTHCHECK ", "HEALTCHECK "},
		"an unknown flag":        {"--start-period=", "--begin="},
		"no duration":            {"--interval=10s", "--interval=soon"},
	} {
		changed := strings.Replace(read(t, "Dockerfile"), change[0], change[1], 1)
		if _, err := stages(changed); err == nil || !strings.Contains(changed, change[1]) {
			t.Errorf("%s was taken", name)
		}
	}
}
