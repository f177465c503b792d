"""The application: how it is loaded, which plugins it has, how it starts and stops."""
