// Command check loads a Compose file as Docker Compose would: interpolation from the .env beside it,
// anchors, extension fields, the Compose specification's schema, and consistency of what refers to
// what. It prints the services and exits with 1 and one line on the first fault.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: check COMPOSE-FILE")
	}
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithEnvFiles(), cli.WithDotEnv, cli.WithInterpolation(true),
		cli.WithConsistency(true), cli.WithNormalization(true))
	if err != nil {
		fail(err.Error())
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		fail(err.Error())
	}
	names := project.ServiceNames()
	sort.Strings(names)
	for _, name := range names {
		service := project.Services[name]
		check := "none"
		if service.HealthCheck != nil && !service.HealthCheck.Disable {
			check = service.HealthCheck.Test[0]
		}
		fmt.Printf("%s\t%s\t%s\n", name, service.Image, check)
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
