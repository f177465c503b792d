"""The parameters of lists: filters, sorting, pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from web_requests import ask

from vega.data import InMemoryRepository
from vega.patterns.query import FilterSet, Page
from vega.web import FilterParameters, PageRequest, RouteError, Router, paging

Shop = Callable[..., FastAPI]


@dataclass
class Author:
    name: str


@dataclass
class Book:
    id: int
    title: str
    price: float
    published: date | None = None
    author: Author | None = None


FILTERS = FilterSet(
    allow={
        "id": {"eq", "in"},
        "title": {"ilike"},
        "price": {"le"},
        "published": {"is_null", "ge"},
        "author.name": {"eq"},
    },
    sort={"price", "title"},
    max_limit=50,
)


class Books(InMemoryRepository[Book]):
    """All books."""


BOOKS = [Book(1, "Tea", 9.5, date(2024, 1, 1), Author("Ada")), Book(2, "Milk", 3.0), Book(3, "Teapot", 20.0)]


def library() -> Router:
    router = Router()

    @router.get("/books")
    async def books(asked: Annotated[list[tuple[str, str]], Depends(FilterParameters(FILTERS, Book))]) -> Page[Book]:
        repository = Books()
        for book in BOOKS:
            await repository.add(book)
        return await FILTERS.page(repository.query(), asked)

    @router.get("/pages")
    async def pages(page: Annotated[PageRequest, Depends(paging(size=5, max_size=10))]) -> list[int]:
        return [page.number, page.size, page.offset]

    return router


@pytest.mark.parametrize(
    ("query", "status", "ids"),
    [
        ("", 200, [1, 2, 3]),
        ("title__ilike=tea%25&sort=-price", 200, [3, 1]),
        ("id__in=1,2&price__le=5", 200, [2]),
        ("published__is_null=true", 200, [2, 3]),
        ("published__ge=2024-01-01", 200, [1]),
        ("size=1&page=2&sort=price", 200, [1]),
        ("price__le=cheap", 422, None),
        ("published__ge=yesterday", 422, None),
        ("size=51", 422, None),
        ("page=0", 422, None),
        ("price__ge=1", 422, None),
        ("sort=id", 422, None),
        ("password=x", 422, None),
    ],
)
def test_lists_are_filtered_as_declared_and_no_otherwise(shop: Shop, query: str, status: int, ids: Any) -> None:
    (answer,) = ask(shop(library()), f"/books?{query}")

    assert answer.status_code == status
    assert ids is None or [book["id"] for book in answer.json()["items"]] == ids


def test_filters_are_told_in_openapi(shop: Shop) -> None:
    (answer,) = ask(shop(library()), "/openapi.json")

    parameters = {each["name"]: each for each in answer.json()["paths"]["/books"]["get"]["parameters"]}
    assert set(parameters) == {
        "author.name",
        "id",
        "id__in",
        "price__le",
        "published__ge",
        "published__is_null",
        "title__ilike",
        "sort",
        "page",
        "size",
    }
    assert parameters["price__le"]["schema"]["anyOf"][0]["type"] == "number"
    assert parameters["published__ge"]["schema"]["anyOf"][0]["format"] == "date"
    assert parameters["published__is_null"]["schema"]["anyOf"][0]["type"] == "boolean"
    assert parameters["size"]["schema"]["anyOf"][0]["maximum"] == 50
    assert "price, title" in parameters["sort"]["description"]


def test_filters_may_be_counted_by_limit_and_offset() -> None:
    names = list(FilterParameters(FILTERS, Book, numbered=False).__signature__.parameters)

    assert names[-2:] == ["limit", "offset"]


def test_a_filter_of_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(RouteError, match="no field cover"):
        FilterParameters(FilterSet(allow={"cover": {"eq"}}), Book)


def test_pages_have_bounds(shop: Shop) -> None:
    queries = ("", "?page=3&size=10", "?size=11", "?page=0")
    default, asked, large, zero = ask(shop(library()), *(f"/pages{query}" for query in queries))

    assert (default.json(), asked.json()) == ([1, 5, 0], [3, 10, 20])
    assert (large.status_code, zero.status_code) == (422, 422)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("title__ilike=" + "x" * 1001, ["query", "title__ilike"]),
        ("author.name=" + "x" * 1001, ["query", "author.name"]),
        ("sort=price,title,-price", ["query", "sort"]),
    ],
)
def test_a_value_beyond_its_bound_is_refused_by_name(shop: Shop, question: str, place: list[str]) -> None:
    (answer,) = ask(shop(library()), f"/books?{question}")

    assert (answer.status_code, [error["loc"] for error in answer.json()["errors"]]) == (422, [place])


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ("&".join(f"other{number}=1" for number in range(101)), "the request has more than 100 filters"),
        ("sort=price,-price", "'price' is named twice in sort"),
    ],
)
def test_a_question_beyond_a_bound_is_refused(shop: Shop, question: str, detail: str) -> None:
    (answer,) = ask(shop(library()), f"/books?{question}")

    assert (answer.status_code, answer.json()["detail"]) == (422, detail)


def test_the_document_says_the_bounds_of_a_question(shop: Shop) -> None:
    (answer,) = ask(shop(library()), "/openapi.json")

    schemas = {each["name"]: each["schema"] for each in answer.json()["paths"]["/books"]["get"]["parameters"]}
    assert schemas["title__ilike"]["anyOf"][0]["maxLength"] == 1000
    assert re.search(schemas["sort"]["pattern"], "-price,title")
    assert not re.search(schemas["sort"]["pattern"], "-price,title,price")
    assert not re.search(schemas["sort"]["pattern"], "price,price")
