/*
 * quire-cgi - the pages, as a CGI/1.1 program.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "program.h"
#include "web/serve.h"

static int usage(void)
{
	puts("usage: quire-cgi [--help | --version]\n"
	     "\n"
	     "Answers one CGI request, told by the environment: "
	     "REQUEST_METHOD, SCRIPT_NAME,\n"
	     "PATH_INFO, QUERY_STRING, REMOTE_USER, and QUIRE_HOME for the "
	     "home. See quire-cgi(8).");
	return EXIT_DONE;
}

static int options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		switch (c) {
		case 'h':
			return usage();
		case 'V':
			puts("quire-cgi " QUIRE_VERSION);
			return EXIT_DONE;
		default:
			return program_usage("quire-cgi", "bad option");
		}
	}
	return program_usage(
		"quire-cgi", "no REQUEST_METHOD: a web server starts this");
}

int main(int argc, char **argv)
{
	struct err e;

	program_start();
	/* In a request, arguments are the client's (RFC 3875, 4.4). */
	if (!getenv("REQUEST_METHOD"))
		return options(argc, argv);
	if (serve(STDOUT_FILENO, &e) < 0)
		program_fail("quire-cgi", &e);
	/* The answer is out; nothing is left that an orderly end would do. */
	_exit(EXIT_DONE);
}
