"""Asks an application for several pages, one after the other: for the tests of many edges."""

import asyncio

import httpx
from fastapi import FastAPI

from vega.testing import client_for


def ask(app: FastAPI, *paths: str) -> list[httpx.Response]:
    """Give the answers to GET requests."""

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(main())
