/*
 * Where AddressSanitizer and UndefinedBehaviorSanitizer report, in the programs
 * that `make asan` builds. It is built in: what a hook or quire-run starts has
 * not the environment of the test, and its standard error goes to a log.
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "log_path=" REPORTS "/address";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:log_path=" REPORTS "/undefined";
}
